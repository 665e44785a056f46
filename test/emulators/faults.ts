/** What can go wrong, to be switched while the server runs. A number counts down: so many uploads are hit. */
export interface Faults {
  /** Accepted with `success: true` where the generation does so, and then given up in the middle (§3, A1). */
  failAfterAnswer: number
  /** Answered as applied, and then all is as it was before, as after a crash of its machine (faults.md 0.1). */
  putBack: number
  /** Applied, but the answer is lost on its way. */
  loseAnswer: number
  /** The connection is cut before anything is done. */
  loseUpload: number
  /** A proxy answers instead, with a page for people. */
  page: number
  /** Milliseconds that applying takes. */
  delay: number
  /** Compressed bytes above which an upload is answered 413. */
  largest: number
  /** Paths for which writing fails. */
  broken: (path: string) => boolean
  /** Paths that are passed over and counted as skipped. */
  skipped: (path: string) => boolean
  /** So many statuses after each upload are not answered. */
  loseStatus: number
  /** A bundle that brings this path is not wanted: the status of HTTP, or 200 for a failure that is told in the answer. */
  refuse: { readonly path: string; readonly status: number } | null
  /** The connection ends with the answer to an upload, as behind some proxies, and the next one finds another process. */
  endsConnections: boolean
  /** Processes that count for themselves; a connection stays with one (§3, `--workers 2`). */
  workers: number
  /** The next upload finds that another client was faster, in this workspace and number (§3, S2). */
  overtaken: string | null
  /** `/openapi.json` and `/plan` cannot be reached, as behind a proxy that lets only two paths through. */
  hidden: boolean
}

export const MEGABYTE = 1 << 20

export function noFaults(): Faults {
  return {
    failAfterAnswer: 0,
    putBack: 0,
    loseAnswer: 0,
    loseUpload: 0,
    page: 0,
    delay: 0,
    largest: 100 * MEGABYTE,
    broken: () => false,
    skipped: () => false,
    loseStatus: 0,
    refuse: null,
    endsConnections: false,
    workers: 1,
    overtaken: null,
    hidden: false,
  }
}
