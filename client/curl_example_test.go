// SPDX-License-Identifier: Apache-2.0

package client_test

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/pyfly-go/pyfly/client"
)

func ExampleCurl() {
	req, _ := http.NewRequest(http.MethodPost, "http://payment-service:8080/payments?token=t0k3n", strings.NewReader("{}"))
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Authorization", "Bearer sesame")
	fmt.Println(client.Curl(req))
	// Output: curl --request 'POST' --header 'Authorization: ******' --header 'Content-Type: application/json' --data-binary '@-' --url 'http://payment-service:8080/payments?token=******'
}
