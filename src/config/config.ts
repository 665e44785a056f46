import type { RecoveryMode } from '../delivery/recover.js'
import type { SecretScanMode } from '../snapshot/secret-scan.js'
import type { Credentials } from './credentials.js'

/**
 * What may be set, everything optional. The comments are what editors show, what the JSON schema says, and what
 * docs/configuration.md lists: `npm run docs` takes them from here.
 */
export interface Settings {
  /** Where to upload to. Without one, the embedded receiver keeps the copy on this machine. */
  readonly endpoint?: string
  /**
   * `true` uploads (to `http://localhost:8080` where no endpoint is set), `false` stays on this machine.
   * @default an endpoint decides
   */
  readonly enabled?: boolean
  /**
   * The identity of the workspace at the receiver.
   * @default the absolute path of its root
   */
  readonly workspacePath?: string
  /**
   * Adds 16 digits of this machine and folder to the identity, for servers that look at the name of the folder only.
   * @default `false`
   */
  readonly pinned?: boolean
  /**
   * The collection at the receiver.
   * @default the last part of the identity and 8 digits of its hash
   */
  readonly collectionName?: string
  /**
   * How often a failed request is repeated: after 0.5 s, 1 s, 2 s … at random, and never sooner than `Retry-After` says.
   * @default `3`
   */
  readonly maxRetries?: number
  /**
   * Seconds without a byte moving after which a request is given up.
   * @default `30`
   */
  readonly timeout?: number
  /**
   * Whether a credential may travel over `http://` to another machine, where anybody on the way can read it.
   * @default `false`
   */
  readonly allowInsecureHttp?: boolean
  /**
   * `local`: when the receiver cannot be reached, the embedded receiver gets the changes as well.
   * @default `none`
   */
  readonly fallback?: 'none' | 'local'
  /**
   * Where a server lost its place and cannot tell what it holds: `resync` sends everything again, `compare` only what
   * the server says it lacks, `trust` believes that its files are there (docs/servers.md).
   * @default `resync`
   */
  readonly recovery?: RecoveryMode
  /** A command (text: through the shell; list: as it is) that is run in the workspace after changes were applied. */
  readonly afterPush?: string | readonly string[]
  /** More rules in the syntax of `.gitignore`, from the root of the workspace. */
  readonly exclude?: readonly string[]
  /**
   * The largest file that is part of the copy: bytes, or a text like `500 kB`.
   * @default `5 MiB`
   */
  readonly maxFileSize?: number | string
  /**
   * Whether files with a NUL in their first 8,000 bytes are part of the copy.
   * @default `false`
   */
  readonly binaries?: boolean
  /**
   * `skip` leaves repositories and submodules inside the work tree out.
   * @default `include`
   */
  readonly nestedRepositories?: 'include' | 'skip'
  /** What holds a secret, and is therefore left out. */
  readonly secrets?: SecretSettings
  /**
   * How many commits the server is told of at most, newest first, each one once; 0: of none. Without e-mail addresses,
   * and with the changes of files that are part of the copy (docs/servers.md).
   * @default `0`
   */
  readonly gitHistory?: number
  /**
   * Where the embedded receiver keeps its repositories and mirrors.
   * @default the user’s data folder
   */
  readonly dataDirectory?: string
}

export interface SecretSettings {
  /** More names of files that hold secrets: `*` stands for anything but `/`. */
  readonly names?: readonly string[]
  /** Names that are no secrets although a rule says so. */
  readonly allow?: readonly string[]
  /**
   * What happens to a file with a credential in it: `skip` leaves it out, `block` stops the push (exit code 13), `warn`
   * sends it and says so, `off` looks at no content.
   * @default `skip`
   */
  readonly scan?: SecretScanMode
}

/** A folder that is a workspace of its own. What is set here goes before the settings around it. */
export interface WorkspaceSettings extends Settings {
  /** The folder, from the root of the repository: `packages/a`, or `.` for the root itself. */
  readonly root: string
}

/** What a user may write, in `ce-delta.config.*` or under `ce-delta` in `package.json`. Everything is optional. */
export interface UserConfig extends Settings {
  /** The JSON schema, for editors: `./node_modules/ce-delta/dist/schema.json`. */
  readonly $schema?: string
  /** The target that counts where `--target` names no other. */
  readonly target?: string
  /** Receivers by name. What a target sets goes before the settings around it. */
  readonly targets?: Readonly<Record<string, Settings>>
  /**
   * Folders that are workspaces, each with its own identity and sequence.
   * @default the root is the one workspace
   */
  readonly workspaces?: readonly WorkspaceSettings[]
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
  readonly gitHistory: number
  readonly dataDirectory: string
  /** The name of the target that counts; null where none does. */
  readonly target: string | null
  /** The file that was read, for people; null where there is none. */
  readonly file: string | null
}

/** Gives a configuration file types and comments in the editor. */
export function defineConfig(config: UserConfig): UserConfig {
  return config
}
