/** The little of npm's version arithmetic that the tests ask; the package brings no types. */
declare module 'semver' {
  /** True when `version` lies in `range`. */
  export function satisfies(version: string, range: string): boolean;
  /** True when every version in `inner` lies in `outer` too. */
  export function subset(inner: string, outer: string): boolean;
}
