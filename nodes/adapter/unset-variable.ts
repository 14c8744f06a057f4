/** Node-RED substitutes `${NAME}` only when it is the whole string, and leaves it as it is when NAME is not set. */
const WHOLE_STRING_VARIABLE = /^\$\{([^}\s]+)\}$/;

/** The name of the environment variable that `value` still refers to, or undefined when there is none. */
export function unsetVariable(value: unknown): string | undefined {
  return typeof value === 'string' ? WHOLE_STRING_VARIABLE.exec(value.trim())?.[1] : undefined;
}
