/** What a program needs to start, find its libraries, write temporary files and reach the network as this machine does. */
const passed = new Set(
  [
    ['PATH', 'HOME', 'USER', 'LOGNAME', 'SHELL', 'TMPDIR', 'TMP', 'TEMP', 'TZ', 'LANG', 'LANGUAGE', 'LD_LIBRARY_PATH'],
    ['VIRTUAL_ENV', 'CONDA_PREFIX', 'PYTHONPATH', 'PYTHONHOME', 'XDG_CACHE_HOME', 'XDG_CONFIG_HOME', 'XDG_RUNTIME_DIR'],
    ['DOCKER_HOST', 'DOCKER_CONFIG', 'CONTAINER_HOST', 'SSL_CERT_FILE', 'SSL_CERT_DIR', 'REQUESTS_CA_BUNDLE'],
  ].flat(),
)
const passedPrefix = /^(?:LC|JAX|XLA|TPU|LIBTPU|TF|OMP|OPENBLAS)_/

/**
 * The part of this process's environment that the compiler's programs get. Names that are not listed stay here, so no token, key
 * or address of the operator's reaches a compiler, a MaxText command or a container image. A command that needs more names it:
 * `env NAME=value python …`.
 */
export function childEnvironment(own: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(own).filter(([name]) => passed.has(name) || passedPrefix.test(name)))
}
