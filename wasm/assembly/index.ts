export * from './p256'
export * from './regions'
