/**
 * Whether numbers, in the order in which they were told, are those of several processes that count for themselves
 * (protocol.md §3): one comes back after another was told. A single counter may move on meanwhile, by other writers, or
 * be set back once, by a restart; it does not come back.
 */
export function areOfSeveral(sequences: readonly number[]): boolean {
  return sequences.some((sequence, at) => sequences.indexOf(sequence) < at && sequences[at - 1] !== sequence)
}
