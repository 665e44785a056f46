import { isAbsolute, relative } from 'node:path'
import { printable } from '../support/text.js'

/** A path as a person here would write it: below this folder without the folders above. */
export function placeFromHere(path: string): string {
  const short = relative(process.cwd(), path)
  return printable(short === '' || short.startsWith('..') || isAbsolute(short) ? path : short)
}
