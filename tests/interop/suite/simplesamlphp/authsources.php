<?php
// Whoever comes is the person of this moment, without a form.
$wish = json_decode(file_get_contents(getenv('IDP_FOLDER') . '/wish.json'), true);
$config = ['people' => array_merge(['exampleauth:StaticSource'], $wish['attributes'])];
