// Slides of a lesson: formulas are set, then reveal.js begins; pictures come with their slide.

// What was found is below the edge of most slides: bring the question to the top.
document.addEventListener("committed", ({target}) => {
  const slide = target.closest("section")
  const below = target.getBoundingClientRect().top - slide.getBoundingClientRect().top
  slide.scrollTop += below / Reveal.getScale() - 20
})

async function main() {
  activate(document)
  await formulas(document.querySelector(".slides"))
  await Reveal.initialize({
    width: 1280, height: 720, margin: 0, center: false, transition: "none", hash: true,
    controls: true, progress: true, slideNumber: "c/t",
  })
  window.slidesReady = true
}
main().catch(failed)
