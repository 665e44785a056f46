declare const __CE_DELTA_VERSION__: string | undefined

/** The version of this build; in tests, which run the sources, there is none. */
export const VERSION: string = typeof __CE_DELTA_VERSION__ === 'string' ? __CE_DELTA_VERSION__ : '0.0.0-source'
