// A loader hook: a .ts file is a module, whatever the package.json around it says or whether there is one.

/** @type {import('node:module').ResolveHook} */
export async function resolve(specifier, context, next) {
  return asModule(await next(specifier, context))
}

/** The same for versions of Node whose hooks run in the main thread. */
export function resolveSync(specifier, context, next) {
  return asModule(next(specifier, context))
}

function asModule(found) {
  const typescript = found.url.startsWith('file:') && /^[^?#]*\.ts(?:[?#]|$)/.test(found.url)
  return typescript && found.format !== 'module' ? { ...found, format: 'module' } : found
}
