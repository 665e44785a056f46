type Defined<Value> = { [Key in keyof Value]: Exclude<Value[Key], undefined> }

/** Without the entries that are `undefined`: `exactOptionalPropertyTypes` wants a field to be there or not at all. */
export function definedOnly<Value extends object>(value: Value): Partial<Defined<Value>>
export function definedOnly(value: object): object {
  return Object.fromEntries(Object.entries(value).filter(([, entry]) => entry !== undefined))
}
