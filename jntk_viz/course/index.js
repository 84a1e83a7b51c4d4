// The start page follows the reader's system from light to dark.
const system = matchMedia("(prefers-color-scheme: dark)")
const setTheme = () => { document.documentElement.dataset.theme = system.matches ? "dark" : "light" }
setTheme()
system.addEventListener("change", setTheme)
