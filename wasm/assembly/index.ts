export { edSign, edSignForget, edSignMany, edSignPrepare } from './ed25519-sign'
export { edPrepareSign, edPrepareVerify } from './ed25519-table'
export {
  edKeyIsSound,
  edSignatureIsSound,
  edVerify,
  edVerifyMany,
  edVerifyPrepare,
} from './ed25519-verify'
export {
  jwtAssemble,
  jwtEdSign,
  jwtEdSignMany,
  jwtForget,
  jwtP256Sign,
  jwtP256SignMany,
  jwtPrepare,
} from './jwt'
export {
  blakePrepare,
  blakeSign,
  blakeSignText,
  blakeVerify,
  blakeVerifyText,
  hmacPrepare,
  hmacSign,
  hmacVerify,
  hmacVerifyHex,
  macForget,
} from './mac'
export * from './p256'
export * from './regions'
export { sha256, sha512 } from './sha'
export { base64urlDecode, base64urlEncode } from './text'
