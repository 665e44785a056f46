import type { Place, Target, Toxic } from '../helpers/fault-proxy.js'

/** One thing that a network does to one kind of request. */
export interface NetworkCase {
  readonly fault: Fault
  readonly name: string
  readonly on: Target
  readonly toxic: Toxic
  /** When a request that was held arrives, counted from the push that sent it. */
  readonly arrives?: 'before the next push' | 'beside the next push' | 'after two more pushes'
}

/** Every fault (faults.md §3.4), with the rows that it belongs to. */
export const FAULTS = [
  'reset (rows 62, 63)',
  'truncate (rows 62, 63)',
  'stall (row 64)',
  'corrupt (row 66)',
  'redirect (row 67)',
  'HTML (rows 66, 71)',
  'duplicate (row 80)',
  'hold and deliver late (row 80)',
] as const
export type Fault = (typeof FAULTS)[number]

const HTML = '<html><body><h1>Welcome to the guest network</h1><p>"success": true</p></body></html>'

const AT_CONNECT = place('connect', 0)
const IN_REQUEST: readonly Place[] = [
  place('request head', 0.5),
  ...[0, 0.25, 0.5, 0.99, 1].map((share) => place('request body', share)),
]
/** A question has no body: its end is the end of its head. */
const IN_QUESTION = [place('request head', 0.5), place('request head', 1)]
const IN_ANSWER = [place('response head', 0), place('response head', 0.5), place('response body', 0.5)]

/** Every fault at every place where it means something. */
export const NETWORK_CASES: readonly NetworkCase[] = [
  ...casesOf('upload', IN_REQUEST),
  ...casesOf('status', IN_QUESTION),
]

/** What the network does to the question what a server lacks, where it can be asked that. */
export const PLAN_CASES: readonly NetworkCase[] = casesOf('plan', IN_REQUEST)

function casesOf(on: Target, inRequest: readonly Place[]): NetworkCase[] {
  const everywhere = [AT_CONNECT, ...inRequest, ...IN_ANSWER]
  const beforeTheAnswer = [...inRequest, place('response head', 0)]
  const at = (fault: Fault, places: readonly Place[], toxic: (place: Place) => Toxic): NetworkCase[] =>
    places.map((one) => ({ fault, on, name: `${fault} ${named(one)}`, toxic: toxic(one) }))
  const answered = (fault: Fault, places: readonly Place[], status: string, rest: string): NetworkCase[] =>
    at(fault, places, (one) => ({ kind: 'answer', at: one, answer: `HTTP/1.1 ${status}\r\n${rest}` })).map((one) => ({
      ...one,
      name: `${one.name}, ${status}`,
    }))
  const twice = (when: 'meanwhile' | 'afterwards'): NetworkCase => {
    const fault = 'duplicate (row 80)'
    return { fault, on, name: `${fault} ${when}`, toxic: { kind: 'duplicate', when } }
  }
  const held = (arrives: NonNullable<NetworkCase['arrives']>): NetworkCase => {
    const fault = 'hold and deliver late (row 80)'
    return { fault, on, name: `${fault}, ${arrives}`, toxic: { kind: 'hold' }, arrives }
  }
  const page = `content-type: text/html\r\ncontent-length: ${Buffer.byteLength(HTML)}\r\n\r\n${HTML}`
  // Nobody listens where it leads; that nothing is sent there at all, http-exchange.test.ts shows.
  const away = 'location: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n'
  return [
    ...at('reset (rows 62, 63)', everywhere, (one) => ({ kind: 'reset', at: one })),
    ...at('truncate (rows 62, 63)', everywhere, (one) => ({ kind: 'truncate', at: one })),
    ...at('stall (row 64)', everywhere, (one) => ({ kind: 'stall', at: one })),
    ...at('corrupt (row 66)', [...inRequest, ...IN_ANSWER], (one) => ({ kind: 'corrupt', at: one })),
    ...answered('redirect (row 67)', beforeTheAnswer, '307 Temporary Redirect', away),
    ...answered('HTML (rows 66, 71)', beforeTheAnswer, '200 OK', page),
    ...answered('HTML (rows 66, 71)', beforeTheAnswer, '502 Bad Gateway', page),
    twice('meanwhile'),
    twice('afterwards'),
    ...(['before the next push', 'beside the next push', 'after two more pushes'] as const).map(held),
  ]
}

function place(part: Place['part'], share: number): Place {
  return { part, share }
}

function named({ part, share }: Place): string {
  return part === 'connect' ? 'at connect' : `at ${share * 100} % of the ${part}`
}
