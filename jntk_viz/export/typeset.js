// Set the TeX of all `data-tex` by the MathJax that comes with Bokeh.
async function typeset() {
  const provider = await mathJax()
  for (const element of document.querySelectorAll("[data-tex]")) {
    const display = element.classList.contains("equation")
    element.replaceChildren(provider.MathJax.tex2svg(element.dataset.tex, {display}))
    // To MathJax it is one image, which could hold no symbols to stop at.
    const svg = element.querySelector("svg")
    if (element.dataset.tips) svg?.removeAttribute("role")
    else svg?.setAttribute("aria-label", element.dataset.tex)
    if (element.scrollWidth > element.clientWidth) element.tabIndex = 0  // to scroll it by keys
    for (const [number, words] of Object.entries(JSON.parse(element.dataset.tips ?? "{}"))) {
      for (const symbol of element.querySelectorAll(`.jntk-sym-${number}`)) {
        symbol.setAttribute("tabindex", "0")
        symbol.setAttribute("role", "img")
        symbol.setAttribute("aria-label", words)
      }
    }
  }
}
