import { html, type Markup, raw } from '../../report/html/markup.ts'
import type { Site } from '../site.ts'
import { examples } from './examples.ts'
import { headTags } from './head.ts'

export interface DocumentOptions {
  title: string
  /** Who made the pictures, under which licence. */
  credits: string
}

/** index.html. Its own policy keeps it on its server; every address in it is relative, so that it works in any folder. */
export function renderDocument(site: Site, { title, credits }: DocumentOptions): string {
  const names = site.languages.map(({ name }) => name)
  const languages = new Intl.ListFormat('en', { type: 'disjunction' }).format(names)
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
${headTags()}
<meta name="description" content="Picture search in ${languages}, computed in the browser.">
<meta name="color-scheme" content="light dark">
<title>${title}</title>
<link rel="icon" href="icon.svg" type="image/svg+xml">
<link rel="stylesheet" href="style.css">
<script type="module" src="app/main.js"></script>
</head>
<body data-state="loading">
<header>
<h1>${title}</h1>
<p class="lead">Type in ${languages}, or choose a picture. Everything is computed in this page, on your device.</p>
${site.languages.some(({ code }) => code === 'zh') && html`<p class="lead" lang="zh">输入中文或英文，或选一张图片；一切都在你的设备上计算。</p>`}
</header>
<div class="columns">
<main>
${searchForm(site, languages)}
<progress id="progress" max="1" value="0" aria-label="Loading the model"></progress>
<p id="message" role="alert" hidden></p>
<p id="announcer" class="unseen" role="status"></p>
${picturePanel()}
<section aria-labelledby="results-title">
<h2 id="results-title">Pictures</h2>
<p id="fit" class="note" hidden></p>
<ol id="results" class="grid"></ol>
</section>
<noscript><p>This page computes in your browser and needs JavaScript.</p></noscript>
</main>
${numbers(site)}
</div>
<footer>
<p>${credits}</p>
<p>Made with distilingual; runs with transformers.js and onnxruntime-web.</p>
</footer>
<div class="drop-here" aria-hidden="true"><span>Drop the picture</span></div>
</body>
</html>
`
  return page.markup
}

function searchForm(site: Site, languages: string): Markup {
  return html`<form id="search" role="search" autocomplete="off">
<label for="query">Words in ${languages}</label>
<div class="bar">
<input id="query" type="search" enterkeyhint="search" autocapitalize="none" spellcheck="false" placeholder="${examples(site, 1)
    .map(({ word }) => word)
    .join(' · ')}" aria-describedby="results-title">
<label class="pick" title="You can also drop a picture anywhere, or paste one"><input id="file" class="unseen" type="file" accept="image/*">${cameraIcon}<span>Picture<span class="unseen"> to find words for</span></span></label>
</div>
<div id="examples" role="group" aria-label="Examples">${examples(site, 3).map(({ word, code }) => html`<button type="button" lang="${code}">${word}</button>`)}</div>
</form>`
}

function picturePanel(): Markup {
  return html`<section id="picture" class="box" aria-labelledby="picture-title" hidden>
<div class="head"><h2 id="picture-title">Words for your picture</h2><button type="button" id="close" aria-label="Put the picture away">✕</button></div>
<div class="split">
<figure><canvas id="seen" role="img" width="64" height="64"></canvas><figcaption id="seen-note"></figcaption></figure>
<div id="words"></div>
</div>
</section>`
}

function numbers({ model }: Site): Markup {
  const card = (title: string, id: string, unit: string, note: Markup | string) =>
    html`<div class="card"><h3>${title}</h3><p class="value"><span id="${id}">–</span> <small>${unit}</small></p>${note}</div>
`
  return html`<aside aria-labelledby="numbers-title">
<h2 id="numbers-title">On this device</h2>
<div class="cards">
${card('Model', 'size', 'MB', html`<p>${model}, both towers</p><fieldset id="formats"><legend class="unseen">Number format</legend></fieldset>`)}
${card('A query', 'query-time', 'ms', html`<p>words to ranking, one thread</p>`)}
${card('A picture', 'image-time', 'ms', html`<p id="image-note">to its vector, one thread</p>`)}
</div>
<p class="note" id="index-note"></p>
</aside>`
}

const cameraIcon = raw(
  '<svg viewBox="0 0 24 24" width="22" height="22" fill="none" stroke="currentColor" stroke-width="1.7" stroke-linejoin="round" aria-hidden="true"><path d="M4 8h3.2l1.6-2.5h6.4L16.800 8H20a1 1 0 0 1 1 1v9.500a1 1 0 0 1-1 1H4a1 1 0 0 1-1-1V9a1 1 0 0 1 1-1z"/><circle cx="12" cy="13.300" r="3.600"/></svg>',
)
