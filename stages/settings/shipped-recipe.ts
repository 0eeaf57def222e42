/** What suits the teacher that ships (docs/log.md, 2026-11-30): it knows far more words than a corpus of pictures holds. */
export const shippedRecipe = {
  pool: { textLimit: 200_000 },
  stage1: { keepImageTower: true, textShare: 0.5 },
  stage2: { textShare: 0.5 },
}
