import { blobSizes, readWholeBlobs } from '../support/git-objects.js'
import type { Repository } from '../support/git-repository.js'
import type { ChangedFile } from './commit-diffs.js'
import { type EligibilityRules, isBinary } from './eligibility.js'

/** Of the states that files had, those that would be part of a snapshot: by size, kind and content. */
export async function harmlessBlobs(
  repository: Repository,
  files: readonly ChangedFile[],
  { maxFileBytes, binaries, secretScan }: EligibilityRules,
): Promise<ReadonlySet<string>> {
  const states = new Set(files.flatMap(({ before, after }) => [before, after]).filter((blob) => blob !== null))
  const sizes = await blobSizes(repository, states)
  const small = [...states].filter((blob) => (sizes.get(blob) ?? 0) <= maxFileBytes)
  const harmless = new Set<string>()
  for await (const { index, content } of readWholeBlobs(repository, small)) {
    const isText = binaries || !isBinary(content)
    const blob = small[index]
    if (isText && !secretScan.finds(content) && blob !== undefined) harmless.add(blob)
  }
  return harmless
}
