/** Vaults: where the master key comes from, and how secrets are sealed under it. */
export * as AesVault from "./AesVault.js"
export * from "./MasterKey.js"
export * as MasterKeyFile from "./MasterKeyFile.js"
