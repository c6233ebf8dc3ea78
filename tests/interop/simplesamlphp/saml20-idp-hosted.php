<?php
$metadata['__DYNAMIC:1__'] = [
    'host' => '__DEFAULT__',
    'privatekey' => 'idp.key',
    'certificate' => 'idp.crt',
    'auth' => 'people',
    'authproc' => [
        // The consent page is a matter of the person, so that one service shows both ways.
        50 => [
            'class' => 'core:PHP',
            'code' => '
                $names = $attributes["https://aws.amazon.com/SAML/Attributes/RoleSessionName"] ?? [];
                if (in_array("@CONSENTING@", $names, true)) {
                    $settings = ["includeValues" => true, "checked" => false];
                    $consent = new \SimpleSAML\Module\consent\Auth\Process\Consent($settings, null);
                    $consent->process($state);
                }
            ',
        ],
    ],
];
