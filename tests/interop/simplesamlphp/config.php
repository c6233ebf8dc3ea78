<?php
// SimpleSAMLphp as a login server on loopback. @NAMES@ are filled in by harness/simplesamlphp.py.
$config = [
    'baseurlpath' => '@URL@/simplesaml/',
    'certdir' => '@DIR@/cert/',
    'loggingdir' => '@DIR@/log/',
    'datadir' => '@DIR@/data/',
    'tempdir' => '@DIR@/tmp/',
    'metadatadir' => '@DIR@/metadata/',
    'secretsalt' => '@SALT@',
    'auth.adminpassword' => '@SALT@',
    'technicalcontact_name' => 'Nobody',
    'technicalcontact_email' => 'nobody@example.com',
    'timezone' => 'UTC',
    'admin.checkforupdates' => false,
    'logging.handler' => 'file',
    'logging.level' => SimpleSAML\Logger::INFO,
    'logging.logfile' => 'simplesamlphp.log',
    'enable.saml20-idp' => true,
    'module.enable' => ['core' => true, 'saml' => true, 'exampleauth' => true, 'consent' => true],
    'session.cookie.secure' => true,
    'language.default' => 'en',
    'store.type' => 'phpsession',
];
