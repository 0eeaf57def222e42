// Puts what the server sends into the page, and says how long ago the log was written.
const main = document.querySelector('main')
const state = document.querySelector('#state')
const source = new EventSource('events')

source.onmessage = ({ data }) => {
  const { view } = JSON.parse(data)
  main.innerHTML = view
  tell()
}
source.onopen = () => {
  state.textContent = 'live'
}
source.onerror = () => {
  state.textContent = 'not connected: is watch still running?'
}

function tell() {
  for (const time of document.querySelectorAll('time')) {
    const seconds = Math.max(0, Math.round((Date.now() - Date.parse(time.dateTime)) / 1000))
    time.textContent = `last line ${seconds < 120 ? `${seconds} s` : `${Math.round(seconds / 60)} min`} ago`
  }
}
tell()
setInterval(tell, 1000)
