<?php
// The other side, as its metadata says (read by the checks), and how it is to be answered.
$wish = json_decode(file_get_contents(getenv('IDP_FOLDER') . '/wish.json'), true);
$side = $wish['service_provider'];
if ($side !== null) {
    $keys = [];
    foreach (['signing', 'encryption'] as $use) {
        foreach ($side["{$use}_certificates"] as $certificate) {
            $keys[] = [
                'type' => 'X509Certificate',
                'signing' => $use === 'signing',
                'encryption' => $use === 'encryption',
                'X509Certificate' => $certificate,
            ];
        }
    }
    $metadata[$side['entity_id']] = $wish['how'] + [
        'AssertionConsumerService' => $side['acs_url'],
        'SingleLogoutService' => $side['slo_url'],
        'NameIDFormat' => 'urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress',
        'simplesaml.nameidattribute' => 'mail',
        'simplesaml.attributes' => true,
        'attributes.NameFormat' => 'urn:oasis:names:tc:SAML:2.0:attrname-format:basic',
        'keys' => $keys,
        'validate.authnrequest' => true,
        'validate.logout' => true,
    ];
}
