// Makes every column head of a table a button that sorts by it: numbers from high to low first, words from A to Z.
for (const table of document.querySelectorAll('table.sortable')) {
  const heads = [...table.tHead.rows[0].cells]
  const body = table.tBodies[0]
  if (body.rows.length < 2) continue
  heads.forEach((head, column) => {
    const button = document.createElement('button')
    button.type = 'button'
    button.append(...head.childNodes)
    head.append(button)
    head.setAttribute('aria-sort', 'none')
    button.addEventListener('click', () => {
      const isText = head.classList.contains('text')
      const first = isText ? 'ascending' : 'descending'
      const now = head.getAttribute('aria-sort')
      const order = now === 'none' ? first : now === 'ascending' ? 'descending' : 'ascending'
      for (const other of heads) other.setAttribute('aria-sort', other === head ? order : 'none')
      const sign = order === 'ascending' ? 1 : -1
      const keyed = [...body.rows].map((row) => ({ row, key: keyOf(row.cells[column], isText) }))
      // What has no value stays at the end, whichever way the rest goes.
      keyed.sort((a, b) => {
        if (a.key === undefined || b.key === undefined) return (a.key === undefined) - (b.key === undefined)
        return sign * (isText ? a.key.localeCompare(b.key, undefined, { numeric: true }) : a.key - b.key)
      })
      body.append(...keyed.map(({ row }) => row))
    })
  })
}

function keyOf(cell, isText) {
  const text = cell.dataset.value ?? cell.textContent.trim()
  if (isText) return text
  const value = Number.parseFloat(text.replaceAll(',', ''))
  return Number.isNaN(value) ? undefined : value
}

// On paper nothing can be unfolded.
const folded = []
addEventListener('beforeprint', () => {
  for (const details of document.querySelectorAll('details:not([open])')) {
    details.open = true
    folded.push(details)
  }
})
addEventListener('afterprint', () => {
  for (const details of folded.splice(0)) details.open = false
})
