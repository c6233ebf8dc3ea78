<?php
$metadata['urn:amazon:webservices'] = [
    'name' => ['en' => 'Amazon Web Services'],
    'AssertionConsumerService' => 'https://signin.aws.amazon.com/saml',
    'NameIDFormat' => 'urn:oasis:names:tc:SAML:2.0:nameid-format:persistent',
    'simplesaml.nameidattribute' => 'https://aws.amazon.com/SAML/Attributes/RoleSessionName',
    'attributes.NameFormat' => 'urn:oasis:names:tc:SAML:2.0:attrname-format:uri',
    'saml20.sign.assertion' => true,
];
// The broker in front, for which this server asks for the password.
$metadata['@BROKER@'] = ['name' => ['en' => 'Broker'], 'AssertionConsumerService' => '@BROKER@/acs/post'] + $metadata['urn:amazon:webservices'];
