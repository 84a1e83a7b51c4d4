// The page of a lesson: light and dark, then everything in it.
const system = matchMedia("(prefers-color-scheme: dark)")

function setTheme(dark) {
  document.documentElement.dataset.theme = dark ? "dark" : "light"
  document.getElementById("theme").textContent = dark ? "Light" : "Dark"
  for (const film of shownFilms) film.colour()
}

// What is wider than its place can be scrolled by keyboard.
function scrollByKeys() {
  for (const element of document.querySelectorAll("pre, table, mjx-container[display]")) {
    if (element.scrollWidth > element.clientWidth) element.tabIndex = 0
    else element.removeAttribute("tabindex")
  }
}

async function main() {
  setTheme(system.matches)
  system.addEventListener("change", () => setTheme(system.matches))
  document.getElementById("theme").addEventListener("click", () => setTheme(!isDark()))
  if (!window.DecompressionStream) throw TOO_OLD
  activate(document)
  await formulas(document.querySelector("main"))
  // A turned phone, and an answer that appears, change the size of the body.
  new ResizeObserver(scrollByKeys).observe(document.body)
  document.documentElement.dataset.ready = "yes"  // for whoever waits, such as a test
}
main().catch(failed)
