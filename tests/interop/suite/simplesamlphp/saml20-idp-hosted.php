<?php
$metadata[getenv('IDP_URL') . '/idp'] = [
    'host' => '__DEFAULT__',
    'privatekey' => 'simplesamlphp.key',
    'certificate' => 'simplesamlphp.crt',
    'auth' => 'people',
    'logouttype' => 'traditional',
    'signature.algorithm' => 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256',
    'sign.logout' => true,
    'redirect.sign' => true,
];
