# The native TensorFlow.js: its package compiled against the C interface that TensorFlow's Python wheel carries, since the
# package's own install script downloads one. Kept apart from the project's packages, which NODE_PATH puts it beside.
compiled_tensorflow() {
  local folder=.provisioned/tensorflow version=4.22.0 wheel=2.15.0 node headers package
  local stamp="tfjs-node $version, tensorflow-cpu $wheel, $(node --version)"
  [ "$(cat "$folder/.stamp" 2>/dev/null)" != "$stamp" ] || return 0
  say "making $folder"
  debian g++ python3 python3-pip
  node=$(realpath "$(command -v node)")
  headers=$(dirname "$(dirname "$node")")/include/node
  if [ ! -f "$headers/node_api.h" ]; then
    debian libnode-dev
    headers=/usr/include/nodejs/src
  fi
  rm -rf "$folder"
  mkdir -p "$folder"
  npm install --prefix "$folder" --no-audit --no-fund --silent --ignore-scripts "@tensorflow/tfjs-node@$version"
  python3 -m pip download --quiet --disable-pip-version-check --no-deps --only-binary=:all: --python-version 3.10 \
    --platform manylinux2014_x86_64 --dest "$folder" "tensorflow-cpu==$wheel"
  python3 -m zipfile -e "$folder/tensorflow_cpu-$wheel"-*.whl "$folder/wheel"
  rm "$folder/tensorflow_cpu-$wheel"-*.whl
  package=$folder/node_modules/@tensorflow/tfjs-node
  mkdir -p "$package/lib/napi-v8"
  g++ -std=c++14 -O2 -shared -fPIC -DNAPI_VERSION=8 -I "$package" -I "$folder/wheel/tensorflow/include" -I "$headers" \
    "$package"/binding/*.cc -o "$package/lib/napi-v8/tfjs_binding.node" -L "$folder/wheel/tensorflow" \
    -l:libtensorflow_cc.so.2 -l:libtensorflow_framework.so.2 -Wl,-rpath,"$PWD/$folder/wheel/tensorflow"
  echo "$stamp" >"$folder/.stamp"
}
compiled_tensorflow
