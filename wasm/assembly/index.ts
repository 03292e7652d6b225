export { edSign, edSignForget, edSignPrepare } from './ed25519-sign'
export { edPrepareSign, edPrepareVerify } from './ed25519-table'
export {
  blakePrepare,
  blakeSign,
  blakeVerify,
  blakeVerifyHex,
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
