<?php
// A stand-in for pfSense: its configuration is a file of JSON, and it plays a session as its shell does.
[, $state, $session] = $argv;
$config = json_decode(file_get_contents($state), true);

function config_read_file($parse) {
}

function config_get_path($path, $default = null) {
    global $config;
    $at = $config;
    foreach (explode('/', $path) as $key) {
        if (!is_array($at) || !array_key_exists($key, $at)) {
            return $default;
        }
        $at = $at[$key];
    }
    return $at;
}

function config_set_path($path, $value) {
    global $config;
    $at = &$config;
    foreach (explode('/', $path) as $key) {
        if (!is_array($at)) {
            $at = [];
        }
        $at = &$at[$key];
    }
    $at = $value;
}

function write_config($why) {
    global $config, $state;
    file_put_contents($state, json_encode($config));
    echo "written\n";
}

function filter_configure() {
    echo "reloaded\n";
}

set_include_path(dirname($session));
eval(file_get_contents($session));
