import type { Socket } from 'node:net'
import type { Place, Poison, Target, Toxic } from './fault-proxy.js'

/** One connection through a proxy. A toxic acts on one exchange: a request and its answer. */
export class Passage {
  readonly #client: Socket
  readonly #upstream: Socket
  readonly #poison: Poison
  readonly #request: Lane
  readonly #response: Lane
  #target: Target | null = null
  #toxic: Toxic | null = null
  /** The toxic acted, and nothing passes any more. */
  #isOver = false

  constructor(client: Socket, upstream: Socket, poison: Poison) {
    this.#client = client
    this.#upstream = upstream
    this.#poison = poison
    this.#request = new Lane(upstream)
    this.#response = new Lane(client)
  }

  start(): void {
    this.#client.on('data', (chunk) => this.#forth(chunk)).on('close', () => this.#closed())
    this.#upstream.on('data', (chunk) => this.#back(chunk)).on('close', () => this.#ended())
  }

  /** What a client sent before it went has arrived, or will. */
  #closed(): void {
    if (!this.#isOver) this.#upstream.end()
  }

  #ended(): void {
    if (!this.#isOver) this.#client.end()
  }

  #forth(chunk: Buffer): void {
    if (this.#isOver) return
    if (this.#request.isWhole) {
      this.#request.begin()
      this.#response.begin()
      this.#target = null
      this.#toxic = null
    }
    const isNew = !this.#request.isHeadThere
    this.#request.add(chunk)
    if (!this.#request.isHeadThere) return
    if (isNew) {
      this.#target = targetOf(this.#request.firstLine)
      this.#toxic = this.#target === null ? null : this.#poison.take(this.#target)
    }
    const toxic = this.#toxic
    if (toxic?.kind === 'hold') this.#hold()
    else if (toxic?.kind === 'limit' && this.#request.whole > toxic.bytes) this.#refuse(toxic.answer)
    else if (toxic !== null && 'at' in toxic && toxic.at.part.startsWith('request')) this.#act(this.#request, toxic)
    else this.#request.pass()
    if (toxic?.kind === 'duplicate' && toxic.when === 'meanwhile' && this.#request.isWhole) void this.#again()
  }

  #back(chunk: Buffer): void {
    if (this.#isOver) return
    const toxic = this.#toxic
    this.#response.add(chunk)
    if (toxic !== null && 'at' in toxic && toxic.at.part.startsWith('response')) {
      if (this.#response.isHeadThere) this.#act(this.#response, toxic)
    } else if (toxic?.kind === 'duplicate' && toxic.when === 'afterwards') {
      if (this.#response.isWhole) void this.#again().then(() => this.#response.pass())
    } else this.#response.pass()
    const isOver = this.#target === 'status' && this.#poison.endsAfterStatus()
    if (isOver && this.#response.isWhole) this.#client.end()
  }

  /** Passes what comes before the place of the toxic, and lets it act when that is reached. */
  #act(lane: Lane, toxic: Toxic & { readonly at: Place }): void {
    const offset = lane.offsetOf(toxic.at)
    const isCorrupted = toxic.kind === 'corrupt' && lane.corrupt(offset)
    if (isCorrupted) this.#poison.strike()
    lane.pass(toxic.kind === 'corrupt' ? lane.length : offset)
    if (toxic.kind === 'corrupt' || lane.length < offset) return
    this.#poison.strike()
    this.#isOver = true
    if (toxic.kind === 'stall') return
    if (toxic.kind === 'reset') this.#client.resetAndDestroy()
    if (toxic.kind === 'truncate') this.#client.end()
    if (toxic.kind === 'answer') this.#client.end(toxic.answer)
    this.#upstream.end()
  }

  #refuse(answer: string): void {
    this.#poison.strike()
    this.#isOver = true
    this.#client.end(answer)
    this.#upstream.end()
  }

  #hold(): void {
    if (!this.#request.isWhole) return
    this.#poison.strike()
    this.#poison.hold(this.#request.bytes)
    this.#client.resetAndDestroy()
  }

  async #again(): Promise<void> {
    this.#toxic = null
    this.#poison.strike()
    await this.#poison.again(this.#request.bytes)
  }
}

function targetOf(firstLine: string): Target | null {
  if (/^POST \S*\/(upload|apply_ops)\b/.test(firstLine)) return 'upload'
  if (/^GET \S*\/status\b/.test(firstLine)) return 'status'
  return /^POST \S*\/plan\b/.test(firstLine) ? 'plan' : null
}

/** One direction of a connection: what came of a message so far, and how much of it was passed on. */
class Lane {
  readonly #to: Socket
  #bytes = Buffer.alloc(0)
  #passed = 0
  #corrupted: number | null = null

  constructor(to: Socket) {
    this.#to = to
  }

  begin(): void {
    this.#bytes = Buffer.alloc(0)
    this.#passed = 0
    this.#corrupted = null
  }

  add(chunk: Buffer): void {
    this.#bytes = Buffer.concat([this.#bytes, chunk])
  }

  /** Passes on what lies before a byte, and was not yet. */
  pass(end = this.#bytes.length): void {
    const bytes = this.#bytes.subarray(this.#passed, end)
    this.#passed += bytes.length
    if (bytes.length > 0) this.#to.write(bytes)
  }

  /** Makes a byte another one, as soon as it is there; true when that was done. */
  corrupt(offset: number): boolean {
    const at = Math.min(offset, this.whole - 1)
    if (this.#corrupted !== null || at >= this.#bytes.length) return false
    this.#corrupted = at
    this.#bytes[at] = (this.#bytes[at] ?? 0) ^ 1
    return true
  }

  get bytes(): Buffer {
    return this.#bytes
  }

  get length(): number {
    return this.#bytes.length
  }

  get firstLine(): string {
    return this.#bytes.toString('latin1', 0, this.#bytes.indexOf('\r\n'))
  }

  get isHeadThere(): boolean {
    return this.#head !== null
  }

  get isWhole(): boolean {
    return this.#head !== null && this.#bytes.length >= this.whole
  }

  /** How many bytes come before a place; only where the head is there. */
  offsetOf({ part, share }: Place): number {
    const head = this.#head ?? 0
    const isHead = part.endsWith('head')
    return Math.ceil(isHead ? head * share : head + (this.whole - head) * share)
  }

  get #head(): number | null {
    const end = this.#bytes.indexOf('\r\n\r\n')
    return end === -1 ? null : end + 4
  }

  /** Bytes of the whole message, which says how long it is. */
  get whole(): number {
    const head = this.#head ?? 0
    const length = /\r\ncontent-length: *(\d+)/i.exec(this.#bytes.toString('latin1', 0, head))?.[1]
    return head + Number(length ?? 0)
  }
}
