<?php
// The people of the server: written by harness/simplesamlphp.py, read here.
$config = [
    'people' => ['exampleauth:UserPass'] + json_decode(file_get_contents(__DIR__ . '/people.json'), true),
];
