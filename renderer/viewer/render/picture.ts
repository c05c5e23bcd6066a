/** Binds a picture beside the canvas; the returned function gives it back and binds the canvas again. */
export function bindPicture(gl: WebGL2RenderingContext, width: number, height: number): () => void {
  const target = gl.createRenderbuffer()
  const frame = gl.createFramebuffer()
  gl.bindRenderbuffer(gl.RENDERBUFFER, target)
  gl.renderbufferStorage(gl.RENDERBUFFER, gl.RGBA8, width, height)
  gl.bindFramebuffer(gl.FRAMEBUFFER, frame)
  gl.framebufferRenderbuffer(gl.FRAMEBUFFER, gl.COLOR_ATTACHMENT0, gl.RENDERBUFFER, target)
  return () => {
    gl.bindFramebuffer(gl.FRAMEBUFFER, null)
    gl.deleteFramebuffer(frame)
    gl.deleteRenderbuffer(target)
  }
}
