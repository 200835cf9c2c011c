/** What is set, and whether it was another before. */
export type Setting = { readonly value: string; readonly changed: boolean }
