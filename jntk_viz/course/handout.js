// A handout: all pictures at once, sharp at any size, and formulas.
async function main() {
  const films = [...document.querySelectorAll(".film")].map(element => new Pictures(element))
  await formulas(document.querySelector("main"))
  for (const film of films) await film.draw(true)
  document.getElementById("print").addEventListener("click", () => print())
  document.documentElement.dataset.ready = "yes"  // for whoever waits, such as a test
}
main().catch(failed)
