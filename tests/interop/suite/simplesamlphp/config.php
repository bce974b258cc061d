<?php
// Read by SimpleSAMLphp: what the checks wish stands in a file that they write before each sign-in.
$folder = getenv('IDP_FOLDER');
$config = [
    'baseurlpath' => getenv('IDP_URL') . '/',
    'secretsalt' => 'of-no-worth-in-these-checks',
    'auth.adminpassword' => 'of-no-worth-in-these-checks',
    'enable.saml20-idp' => true,
    'module.enable' => ['core' => true, 'exampleauth' => true, 'saml' => true],
    'certdir' => "$folder/",
    'datadir' => "$folder/data/",
    'tempdir' => "$folder/temporary",
    'session.phpsession.savepath' => "$folder/sessions",
    'session.cookie.secure' => false,
    'session.cookie.samesite' => null,
    'store.type' => 'phpsession',
    'logging.handler' => 'errorlog',
    'timezone' => 'UTC',
    'metadata.sources' => [['type' => 'flatfile', 'directory' => __DIR__]],
];
