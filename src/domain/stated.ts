/** Whether a fact has a value: neither cleared (`null`) nor not mentioned (`undefined`). */
export function isStated<T>(value: T | null | undefined): value is T {
  return value !== null && value !== undefined;
}
