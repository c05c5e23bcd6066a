import type { Vec3 } from '../../../main/imaging/volume.ts'

/** A linked pair of shaders with its uniforms by name. */
export class Program {
  readonly #gl: WebGL2RenderingContext
  readonly #program: WebGLProgram
  readonly #places = new Map<string, WebGLUniformLocation | null>()

  /** @throws Error with the compiler's log */
  constructor(gl: WebGL2RenderingContext, vertex: string, fragment: string) {
    this.#gl = gl
    this.#program = gl.createProgram()
    const shaders = [
      [gl.VERTEX_SHADER, vertex],
      [gl.FRAGMENT_SHADER, fragment],
    ] as const
    for (const [kind, source] of shaders) {
      const shader = gl.createShader(kind)
      if (!shader) throw new Error('The graphics context is lost.')
      gl.shaderSource(shader, source)
      gl.compileShader(shader)
      gl.attachShader(this.#program, shader)
      // Goes with the program.
      gl.deleteShader(shader)
      if (!gl.getShaderParameter(shader, gl.COMPILE_STATUS) && !gl.isContextLost())
        throw new Error(`shader: ${gl.getShaderInfoLog(shader)}`)
    }
    gl.linkProgram(this.#program)
    if (!gl.getProgramParameter(this.#program, gl.LINK_STATUS) && !gl.isContextLost())
      throw new Error(`program: ${gl.getProgramInfoLog(this.#program)}`)
  }

  use(): void {
    // biome-ignore lint/correctness/useHookAtTopLevel: WebGL's useProgram is no hook
    this.#gl.useProgram(this.#program)
  }

  int(name: string, value: number): void {
    this.#gl.uniform1i(this.#place(name), value)
  }

  float(name: string, value: number): void {
    this.#gl.uniform1f(this.#place(name), value)
  }

  vec2(name: string, x: number, y: number): void {
    this.#gl.uniform2f(this.#place(name), x, y)
  }

  vec3(name: string, value: Vec3): void {
    this.#gl.uniform3f(this.#place(name), value[0], value[1], value[2])
  }

  destroy(): void {
    this.#gl.deleteProgram(this.#program)
  }

  #place(name: string): WebGLUniformLocation | null {
    let place = this.#places.get(name)
    if (place === undefined) {
      place = this.#gl.getUniformLocation(this.#program, name)
      this.#places.set(name, place)
    }
    return place
  }
}
