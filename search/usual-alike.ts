/** From how alike on pictures take one place of the results, unless something else is asked for; docs/search.md says how it was chosen. */
export const usualAlike = 0.85
