/** Archives made by hand, byte by byte, so that they can be wrong in every way; independent of what is tested. */
export interface TarMember {
  readonly name: string | Uint8Array
  readonly content?: string | Uint8Array
  readonly type?: string
  readonly link?: string
  /** The size field as it stands in the header, instead of the content's size. */
  readonly size?: string | Uint8Array
  readonly prefix?: string
  readonly magic?: string
  readonly damaged?: boolean
}

const BLOCK = 512
export const END = Buffer.alloc(2 * BLOCK)

export function tarOf(members: readonly TarMember[], end: Uint8Array = END): Buffer {
  return Buffer.concat([...members.map(memberBytes), end])
}

export function memberBytes(member: TarMember): Buffer {
  const content = Buffer.from(member.content ?? '')
  const header = Buffer.alloc(BLOCK)
  const put = (value: string | Uint8Array, at: number): void => header.set(Buffer.from(value), at)
  put(member.name, 0)
  put('0000644\0', 100)
  put('0000000\0', 108)
  put('0000000\0', 116)
  put(member.size ?? `${content.length.toString(8).padStart(11, '0')}\0`, 124)
  put('00000000000\0', 136)
  put('        ', 148)
  put(member.type ?? '0', 156)
  put(member.link ?? '', 157)
  put(member.magic ?? 'ustar\x0000', 257)
  put(member.prefix ?? '', 345)
  const sum = header.reduce((total, byte) => total + byte, member.damaged === true ? 1 : 0)
  put(`${sum.toString(8).padStart(6, '0')}\0 `, 148)
  return Buffer.concat([header, content, Buffer.alloc((BLOCK - (content.length % BLOCK)) % BLOCK)])
}

/** A PAX header of the member that follows it; with type `g`, of all that follow. */
export function pax(records: Readonly<Record<string, string | Uint8Array>>, type = 'x'): TarMember {
  const lines = Object.entries(records).map(([key, value]) => paxRecord(key, Buffer.from(value)))
  return { name: 'PaxHeader/x', type, content: Buffer.concat(lines) }
}

function paxRecord(key: string, value: Buffer): Buffer {
  const rest = Buffer.concat([Buffer.from(` ${key}=`), value, Buffer.from('\n')])
  let length = rest.length + 1
  while (String(length).length + rest.length !== length) length++
  return Buffer.concat([Buffer.from(String(length)), rest])
}
