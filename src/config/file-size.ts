/** A size as people write it, like `5 MiB`. */
export const FILE_SIZE = /^\s*(\d+(?:\.\d+)?)\s*(B|k|kB|KiB|M|MB|MiB|G|GB|GiB)?\s*$/

const UNITS: Readonly<Record<string, number>> = {
  B: 1,
  k: 1000,
  kB: 1000,
  KiB: 1024,
  M: 1000 ** 2,
  MB: 1000 ** 2,
  MiB: 1024 ** 2,
  G: 1000 ** 3,
  GB: 1000 ** 3,
  GiB: 1024 ** 3,
}

/** The bytes of a size that matches {@link FILE_SIZE}. */
export function parseFileSize(value: number | string): number {
  if (typeof value === 'number') return value
  const [, amount = '0', unit = 'B'] = FILE_SIZE.exec(value) ?? []
  return Math.floor(Number(amount) * (UNITS[unit] ?? 1))
}
