import type { RecoveryMode } from '../delivery/recover.js'
import type { SecretScanMode } from '../snapshot/secret-scan.js'
import type { Credentials } from './credentials.js'

/** What a user may write, in `ce-delta.config.*` or under `ce-delta` in `package.json`. Everything is optional. */
export interface UserConfig {
  /** Where to upload to. Without one, the embedded receiver keeps the copy on this machine. */
  readonly endpoint?: string
  /** `true` uploads, `false` stays local; left out, an endpoint decides. */
  readonly enabled?: boolean
  /** The identity of the workspace at the receiver. Default: the absolute path of its root. */
  readonly workspacePath?: string
  /**
   * Adds sixteen digits to the last part of the workspace path, which are this machine's and folder's own: for servers that
   * look at nothing else, where another folder has the same name. Default: false.
   */
  readonly pinned?: boolean
  /** Default: the name of the root and eight digits of its hash. */
  readonly collectionName?: string
  /** How often a failed upload is repeated. Default: 3. */
  readonly maxRetries?: number
  /** Seconds without a byte moving. Default: 30. */
  readonly timeout?: number
  /** Whether a credential may travel over `http://` to another machine, where anybody on the way can read it. Default: false. */
  readonly allowInsecureHttp?: boolean
  /** `local`: when the receiver cannot be reached, the embedded receiver gets the changes as well. */
  readonly fallback?: 'none' | 'local'
  /**
   * What to do where a server lost its place and cannot tell what it holds. Default: `resync`, everything is sent again.
   * `compare`: only what the server says it lacks, where it can be asked. `trust`: its files are believed to be there.
   */
  readonly recovery?: RecoveryMode
  /** A command that is run after changes were applied; it reads them as JSON from its standard input. */
  readonly afterPush?: string | readonly string[]
  /** Rules in the syntax of `.gitignore`, in addition to the ignore files. */
  readonly exclude?: readonly string[]
  /** Largest file, in bytes or as text like `5 MiB`. Default: 5 MiB. */
  readonly maxFileSize?: number | string
  /** Whether binary files are part of the copy. Default: false. */
  readonly binaries?: boolean
  /** Repositories and submodules inside the work tree. Default: include. */
  readonly nestedRepositories?: 'include' | 'skip'
  readonly secrets?: {
    /** More names of files that hold secrets. */
    readonly names?: readonly string[]
    /** Names that are no secrets although a rule says so. */
    readonly allow?: readonly string[]
    /** What happens to a file with a credential in it. Default: skip, it is left out. */
    readonly scan?: SecretScanMode
  }
  /** Where the embedded receiver keeps its data. Default: the user’s data folder. */
  readonly dataDirectory?: string
}

/** What the code reads: everything decided. */
export interface Config {
  /** null: local mode. */
  readonly endpoint: string | null
  readonly credentials: Credentials
  readonly allowInsecureHttp: boolean
  /** More certificate authorities that count, as a PEM file. */
  readonly caFile: string | null
  readonly workspacePath: string | null
  readonly pinned: boolean
  readonly collectionName: string | null
  readonly maxRetries: number
  readonly timeoutSeconds: number
  readonly fallback: 'none' | 'local'
  readonly recovery: RecoveryMode
  readonly afterPush: string | readonly string[] | null
  readonly exclude: readonly string[]
  readonly maxFileBytes: number
  readonly binaries: boolean
  readonly nestedRepositories: 'include' | 'skip'
  readonly secretNames: readonly string[]
  readonly allowedNames: readonly string[]
  readonly secretScan: SecretScanMode
  /** Fingerprints of credentials that are none, from `.cedelta-baseline.json`. */
  readonly acceptedSecrets: readonly string[]
  readonly dataDirectory: string
  /** The file that was read, for people; null where there is none. */
  readonly file: string | null
}

/** Gives a configuration file types and comments in the editor. */
export function defineConfig(config: UserConfig): UserConfig {
  return config
}
