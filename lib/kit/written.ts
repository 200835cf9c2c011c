/** Whether a file was replaced or its attributes set. */
export type Written = { readonly path: string; readonly changed: boolean }
