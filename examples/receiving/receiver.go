// A receiver with nothing but the standard library of Go.
package main

import (
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"
)

const toleranceSeconds = 300

// isSigned tells whether one of the keys, "whsec_..." or "whpk_...", fits a signature, made not long ago.
func isSigned(keys []string, header http.Header, body []byte) bool {
	id, timestamp := header.Get("webhook-id"), header.Get("webhook-timestamp")
	seconds, err := strconv.ParseInt(timestamp, 10, 64)
	if err != nil || math.Abs(float64(time.Now().Unix()-seconds)) > toleranceSeconds {
		return false
	}
	signed := append([]byte(id+"."+timestamp+"."), body...)
	for _, text := range strings.Split(header.Get("webhook-signature"), " ") {
		version, encoded, _ := strings.Cut(text, ",")
		signature, err := base64.StdEncoding.Strict().DecodeString(encoded)
		if err != nil {
			continue
		}
		for _, key := range keys {
			if fits(key, version, signed, signature) {
				return true
			}
		}
	}
	return false
}

func fits(key, version string, signed, signature []byte) bool {
	kind, encoded, _ := strings.Cut(key, "_")
	bytes, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil {
		return false
	}
	if kind == "whsec" && version == "v1" {
		mac := hmac.New(sha256.New, bytes)
		mac.Write(signed)
		return hmac.Equal(mac.Sum(nil), signature)
	}
	return kind == "whpk" && version == "v1a" && len(bytes) == ed25519.PublicKeySize &&
		ed25519.Verify(bytes, signed, signature)
}

func main() {
	keys := strings.Split(os.Getenv("WEBHOOK_SECRET"), " ")
	// In a real service: a table with a unique key, written in one transaction with what the event does.
	seen, lock := map[string]bool{}, sync.Mutex{}
	handler := func(response http.ResponseWriter, request *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(response, request.Body, 16<<20))
		if err != nil || !isSigned(keys, request.Header, body) {
			response.WriteHeader(http.StatusUnauthorized)
			return
		}
		var event struct{ ID, Type string }
		if json.Unmarshal(body, &event) != nil {
			response.WriteHeader(http.StatusBadRequest)
			return
		}
		lock.Lock()
		defer lock.Unlock()
		if id := request.Header.Get("webhook-id"); !seen[id] {
			fmt.Println(event.Type, event.ID)
			seen[id] = true
		}
		response.WriteHeader(http.StatusNoContent)
	}
	port := os.Getenv("PORT")
	if port == "" {
		port = "9090"
	}
	listener, err := net.Listen("tcp", "127.0.0.1:"+port)
	if err != nil {
		panic(err)
	}
	fmt.Println("listening on", listener.Addr().(*net.TCPAddr).Port)
	panic(http.Serve(listener, http.HandlerFunc(handler)))
}
