/** Covers the viewport with one triangle; `vPx` is the CSS pixel of the pane, from its upper left corner. */
export const COVER = `#version 300 es
uniform vec2 uSizePx;
out vec2 vPx;
void main() {
  vec2 at = vec2(gl_VertexID == 1 ? 3.0 : -1.0, gl_VertexID == 2 ? 3.0 : -1.0);
  vPx = vec2(at.x * 0.5 + 0.5, 0.5 - at.y * 0.5) * uSizePx;
  gl_Position = vec4(at, 0.0, 1.0);
}`

const VOLUMES = `#version 300 es
precision highp float;
precision highp sampler3D;
uniform sampler3D uCt;
uniform sampler3D uSteps;
uniform sampler2D uColours;
/** HU of one unit of the texture. */
uniform float uHuScale;
/** Lowest HU of the window and its width. */
uniform vec2 uWindow;
/** Whether there is a step map, its threshold (half-way below the step), what the eye sees of the colour. */
uniform int uHeat;
uniform float uThreshold;
uniform float uOpacity;
uniform int uOutline;
uniform float uDevicePx;
in vec2 vPx;
out vec4 colour;
bool inside(vec3 at) { return all(greaterThanEqual(at, vec3(0.0))) && all(lessThanEqual(at, vec3(1.0))); }
`

/**
 * One plane, or the highest, lowest or mean HU through a slab; the heat map is the highest step through it. The heat
 * map is mixed with the grey by `opacity` itself, so that 0.5 is half of each to the eye.
 */
export const PLANE = `${VOLUMES}
/** Texture coordinates of pixel (0, 0), and their change by a pixel to the right, down, and by a sample through the slab. */
uniform vec3 uOrigin;
uniform vec3 uRight;
uniform vec3 uDown;
uniform vec3 uThrough;
uniform int uSamples;
/** 0 highest, 1 lowest, 2 mean. */
uniform int uMode;
void main() {
  vec3 at = uOrigin + uRight * vPx.x + uDown * vPx.y;
  float hu = 0.0;
  float level = 0.0;
  float found = 0.0;
  if (uSamples == 1) {
    if (inside(at)) {
      hu = texture(uCt, at).r;
      if (uHeat == 1) level = texture(uSteps, at).r;
      found = 1.0;
    }
  } else {
    vec3 p = at - uThrough * (0.5 * float(uSamples - 1));
    for (int i = 0; i < uSamples; i++, p += uThrough) {
      if (!inside(p)) continue;
      float v = texture(uCt, p).r;
      hu = found == 0.0 ? v : uMode == 0 ? max(hu, v) : uMode == 1 ? min(hu, v) : hu + v;
      if (uHeat == 1) level = max(level, texture(uSteps, p).r);
      found += 1.0;
    }
    if (uMode == 2 && found > 0.0) hu /= found;
  }
  float grey = found > 0.0 ? clamp((hu * uHuScale - uWindow.x) / uWindow.y, 0.0, 1.0) : 0.0;
  colour = vec4(vec3(grey), 1.0);
  if (uHeat == 1) {
    float s = level * 255.0;
    float over = s - uThreshold;
    float slope = max(length(vec2(dFdx(s), dFdy(s))), 1e-4);
    if (over > -3.0 * slope) {
      vec3 heat = texture(uColours, vec2((s + 0.5) / 256.0, 0.5)).rgb;
      float part = uOutline == 1
        ? clamp(0.5 + 0.9 * uDevicePx - abs(over) / slope, 0.0, 1.0)
        : uOpacity * clamp(over / slope + 0.5, 0.0, 1.0);
      colour.rgb = mix(colour.rgb, heat, part);
    }
  }
}`

/**
 * The whole volume from the outside, by emission and absorption along parallel rays (Max 1995), front to back, lit
 * by a lamp at the eye. Bone and contrast medium; what is at the threshold glows through.
 */
export const VOLUME = `${VOLUMES}
uniform vec3 uOrigin;
uniform vec3 uRight;
uniform vec3 uDown;
/** Along the ray, by a sample. */
uniform vec3 uThrough;
uniform int uSamples;
/** Length of a sample, mm: opacities are given for 1 mm. */
uniform float uStepMm;
/** One voxel in texture coordinates. */
uniform vec3 uVoxel;
/** Toward the eye, in the volume's axes. */
uniform vec3 uEye;
float at(vec3 p) { return texture(uCt, p).r * uHuScale; }
void main() {
  vec3 start = uOrigin + uRight * vPx.x + uDown * vPx.y - uThrough * (0.5 * float(uSamples - 1));
  vec3 inverse = 1.0 / (uThrough + vec3(1e-9));
  vec3 a = (vec3(0.0) - start) * inverse;
  vec3 b = (vec3(1.0) - start) * inverse;
  float first = max(max(min(a.x, b.x), min(a.y, b.y)), min(a.z, b.z));
  float last = min(min(max(a.x, b.x), max(a.y, b.y)), max(a.z, b.z));
  vec3 seen = vec3(0.0);
  float clear = 1.0;
  float from = max(0.0, ceil(first));
  int count = int(min(last, float(uSamples - 1)) - from);
  vec3 p = start + uThrough * from;
  for (int i = 0; i <= count; i++, p += uThrough) {
    float hu = at(p);
    float s = uHeat == 1 ? texture(uSteps, p).r * 255.0 : 0.0;
    float bone = smoothstep(130.0, 420.0, hu);
    float heat = uHeat == 1 && uOutline == 0 ? smoothstep(uThreshold - 1.0, uThreshold + 1.0, s) : 0.0;
    float perMm = max(bone * 0.55, heat * uOpacity * 0.5);
    if (perMm < 0.004) continue;
    float alpha = 1.0 - pow(1.0 - min(perMm, 0.99), uStepMm);
    vec3 slope = vec3(
      at(p + vec3(uVoxel.x, 0, 0)) - at(p - vec3(uVoxel.x, 0, 0)),
      at(p + vec3(0, uVoxel.y, 0)) - at(p - vec3(0, uVoxel.y, 0)),
      at(p + vec3(0, 0, uVoxel.z)) - at(p - vec3(0, 0, uVoxel.z)));
    float lit = 0.25 + 0.75 * abs(dot(normalize(slope + vec3(1e-3)), uEye));
    vec3 tissue = mix(vec3(0.72, 0.38, 0.28), vec3(0.98, 0.95, 0.86), smoothstep(150.0, 500.0, hu)) * lit;
    vec3 glow = texture(uColours, vec2((s + 0.5) / 256.0, 0.5)).rgb;
    seen += clear * alpha * mix(tissue, glow, heat);
    clear *= 1.0 - alpha;
    if (clear < 0.03) break;
  }
  colour = vec4(seen, 1.0);
}`
