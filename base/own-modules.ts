/** Whether this is the built package, of JavaScript, and not a clone, of TypeScript. */
const isBuilt = import.meta.url.endsWith('.js')

/** What node is called with so that a process or thread of its own reads our modules: in a clone the loader of TypeScript, else nothing. */
export function nodeArguments(): string[] {
  return isBuilt ? [] : ['--import', new URL('../build/typescript.mjs', import.meta.url).href]
}

/** The address of a module to start apart, by its path from the sources' root without the ending, such as cli/main. */
export function ownModule(path: string): URL {
  return new URL(`../${path}.${isBuilt ? 'js' : 'ts'}`, import.meta.url)
}
