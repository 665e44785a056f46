import { join } from 'node:path'
import { readTextIfPresent } from './durable-files.js'
import { DeltaError } from './errors.js'

/** Grows when what is stored is laid out so differently that an older ce-delta would not understand it. */
const FORMAT = 1

/** Stands in the configuration of every private repository. One without it is from before there was a second format. */
export const FORMAT_SETTING = `[ce-delta]\n\tformat = ${FORMAT}\n`

/** Throws `state-of-newer-version` where a private repository is of a later format; nothing in it is touched then. */
export async function refuseLaterFormat(gitDirectory: string): Promise<void> {
  const configuration = await readTextIfPresent(join(gitDirectory, 'config'))
  const format = Number(/^\[ce-delta\]\n\tformat = (\d+)$/m.exec(configuration ?? '')?.[1] ?? FORMAT)
  if (format <= FORMAT) return
  throw new DeltaError('state-of-newer-version', `${gitDirectory} was written by a newer ce-delta.`, {
    facts: { directory: gitDirectory, format, known_format: FORMAT },
    next: 'Update ce-delta. Or remove that folder: what it records is found out anew.',
  })
}
