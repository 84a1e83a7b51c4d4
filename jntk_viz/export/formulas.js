// Formulas in running text, $…$ and $$…$$, set by the MathJax inside Bokeh.
const FORMULA = /\$\$([\s\S]+?)\$\$|\$([^$]+?)\$/g
const typesetBefore = new Map()  // the same symbols come again and again

function typesetOne(provider, tex, display) {
  const key = `${display} ${tex}`
  if (!typesetBefore.has(key)) {
    const set = provider.MathJax.tex2svg(tex, {display})
    set.querySelector("svg")?.setAttribute("aria-label", tex)  // MathJax makes it an image
    typesetBefore.set(key, set)
  }
  return typesetBefore.get(key).cloneNode(true)
}

// Texts below `root` that hold formulas.
function textsWithFormulas(root) {
  const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT)
  const texts = []
  while (walker.nextNode()) {
    const node = walker.currentNode
    if (node.data.includes("$") && !node.parentElement.closest("pre, code, script, style")) {
      texts.push(node)
    }
  }
  return texts
}

function typesetText(provider, node) {
  const pieces = []
  let end = 0
  for (const found of node.data.matchAll(FORMULA)) {
    pieces.push(node.data.slice(end, found.index))
    pieces.push(typesetOne(provider, found[1] ?? found[2], found[1] !== undefined))
    end = found.index + found[0].length
  }
  pieces.push(node.data.slice(end))
  node.replaceWith(...pieces)
}

async function typesetAll(root) {
  const provider = await mathJax()
  for (const node of textsWithFormulas(root)) typesetText(provider, node)
}
