import { randomUUID } from 'node:crypto'
import { type Answer, type Json, ok, refused } from './answers.js'

/** Who may log in at a server, and who is (protocol.md §1 "Other"). Every generation whose form has `session` has them. */
export class Logins {
  /** Switched off, nobody is asked for anything. */
  enabled = false
  /** `/auth/validate` is there (AP3X). */
  validates = false
  /** User and password. */
  readonly passwords = new Map<string, string>()
  sharedToken: string | null = null
  /** Users that may write to the collection; null: everybody may. */
  writers: Set<string> | null = null
  /** Seconds since 1970 that a new session ends; 0: never. */
  expiresAt = 0
  readonly sessions = new Map<string, string>()

  status(): Answer {
    return ok({ enabled: this.enabled, has_users: this.passwords.size > 0, session_ttl_seconds: 0 })
  }

  login(path: string, body: Buffer): Answer {
    if (!this.enabled) return refused(404, 'Auth disabled')
    const { client, token, username, password }: Json = JSON.parse(body.toString('utf8'))
    const isPassword = path === '/auth/login/password'
    const user = isPassword ? username : client
    if (typeof user !== 'string') return refused(422, [{ type: 'missing', loc: ['body'], input: { token, password } }])
    const isRight = isPassword ? this.passwords.get(user) === password : token === this.sharedToken
    if (!isRight) return refused(401, `Invalid credentials for ${user}: ${isPassword ? password : token}`)
    const id = randomUUID().replaceAll('-', '')
    this.sessions.set(id, user)
    return ok({ session_id: id, user_id: user, expires_at: this.expiresAt })
  }

  validate(body: Buffer): Answer {
    const { session_id: id }: Json = JSON.parse(body.toString('utf8'))
    const user = this.sessions.get(String(id)) ?? null
    return ok({ valid: user !== null, user_id: user, expires_at: 0, metadata: {} })
  }

  /** What stands in the way of an upload, a plan or an operation, or null. A server may well repeat what it was sent. */
  refusal(session: unknown): Answer | null {
    if (!this.enabled) return null
    const user = typeof session === 'string' ? this.sessions.get(session) : undefined
    if (user === undefined) return refused(401, `Invalid or expired session ${session}`)
    return this.writers === null || this.writers.has(user) ? null : refused(403, 'No write access to this collection')
  }
}
