// Ask before lending: lookup with retry, verdict, batch, feedback, signed answer. JDK 17, nothing else.
//
//     GATE=https://HOST:PORT CA=ca.pem CERT=bank.pem KEY=bank.key java Lookup.java CODE…
//
// The first code is asked alone and its answer must be signed by the gateway (RFC 9421); on what it shows a feedback is given.
// Then all are asked in one batch.
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyFactory;
import java.security.KeyStore;
import java.security.MessageDigest;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.Signature;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.spec.PKCS8EncodedKeySpec;
import java.security.spec.X509EncodedKeySpec;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

public class Lookup {
    static final String DOMAIN = "lending";
    static final String QUERY = "purpose=credit-review&operator=zhangsan&department=XD-01";
    static final int TRIES = 6;
    static final String GATE = System.getenv("GATE");
    static HttpClient http;

    public static void main(String[] codes) throws Exception {
        http = HttpClient.newBuilder().sslContext(tls()).connectTimeout(Duration.ofSeconds(10)).build();
        Map<String, Object> keys = object(text(call(get("/v1/keys")))); // fetch them early, over a path you trust, and keep them

        String target = "/v1/lookups/" + DOMAIN + "/" + codes[0] + "?" + QUERY;
        HttpResponse<byte[]> reply = call(get(target).header("Accept-Signature", "bank=()"));
        checkSignature(reply, "GET", target, keys);
        Map<String, Object> answer = object(text(reply));
        tell(answer);
        System.out.println("signature good"); // keep head and body: creditgate verify checks them at any time

        if ("listed".equals(answer.get("verdict"))) {
            feedBack(answer);
        }

        List<String> subjects = new ArrayList<>();
        for (String code : codes) {
            subjects.add("{\"uscc\":" + quote(code) + "}");
        }
        String body = "{\"purpose\":\"credit-review\",\"operator\":\"zhangsan\",\"department\":\"XD-01\",\"subjects\":["
            + String.join(",", subjects) + "]}";
        List<Object> results = list(object(text(call(post("/v1/lookups/" + DOMAIN, body)))).get("results"));
        for (int i = 0; i < codes.length; i++) {
            Map<String, Object> result = object(results.get(i));
            if (result.containsKey("verdict")) {
                tell(result);
            } else { // one that could not be answered does not spoil the others
                System.out.println(codes[i] + " problem " + result.get("rule"));
            }
        }
    }

    /** What a credit officer is told. `unknown` is not a kind of `not-listed`: nobody may decide on it. */
    static void tell(Map<String, Object> result) {
        StringBuilder line = new StringBuilder().append(result.get("uscc")).append(' ').append(result.get("verdict"));
        switch ((String) result.get("verdict")) {
            case "listed" -> {
                // In a single answer measures are whole, in a batch they are ids.
                for (Object measure : list(result.get("measures"))) {
                    line.append(' ').append(measure instanceof String ? measure : object(measure).get("id"));
                }
                for (Object record : list(result.get("records"))) {
                    line.append(' ').append(object(record).get("record"));
                }
            }
            case "not-listed" -> { }
            default -> line.append(' ').append(object(result.get("reason")).get("code"))
                .append(" - do not decide, have it looked at");
        }
        System.out.println(line);
    }

    /** Owed for every record shown, quoting the receipt; the key makes a repeat harmless. */
    static void feedBack(Map<String, Object> answer) throws Exception {
        List<String> details = new ArrayList<>();
        for (Object record : list(answer.get("records"))) {
            details.add("{\"id\":" + quote((String) object(record).get("record"))
                + ",\"result\":\"other\",\"action\":\"转人工审查\"}");
        }
        String body = "{\"receipt\":" + quote((String) answer.get("receipt")) + ",\"details\":["
            + String.join(",", details) + "]}";
        Map<String, Object> given = object(text(call(
            post("/v1/feedback", body).header("Idempotency-Key", "\"" + UUID.randomUUID() + "\""))));
        System.out.println("feedback given, " + given.get("left") + " left");
    }

    // --- HTTP ---

    static HttpRequest.Builder get(String target) {
        return HttpRequest.newBuilder(URI.create(GATE + target)).timeout(Duration.ofSeconds(20));
    }

    static HttpRequest.Builder post(String target, String body) {
        return get(target).header("Content-Type", "application/json").POST(HttpRequest.BodyPublishers.ofString(body));
    }

    /** One request. Again after 429 and 503 (as long as Retry-After says) and after a broken connection: a lookup may be
     * repeated at will, a feedback because its Idempotency-Key stays the same. */
    static HttpResponse<byte[]> call(HttpRequest.Builder request) throws Exception {
        for (int attempt = 0; ; attempt++) {
            long wait = Math.min(1L << attempt, 30);
            try {
                HttpResponse<byte[]> reply = http.send(request.build(), HttpResponse.BodyHandlers.ofByteArray());
                int status = reply.statusCode();
                if (status / 100 == 2) {
                    return reply;
                }
                if ((status != 429 && status != 503) || attempt == TRIES - 1) {
                    // An RFC 9457 problem: `rule` is stable, to be programmed against; the texts are for people.
                    Map<String, Object> problem = object(text(reply));
                    throw new IllegalStateException(status + " " + problem.get("rule") + ": " + problem.get("detail_zh")
                        + " " + problem.get("detail"));
                }
                wait = reply.headers().firstValueAsLong("Retry-After").orElse(wait);
            } catch (IOException broken) {
                if (attempt == TRIES - 1) {
                    throw broken;
                }
            }
            Thread.sleep(wait * 1000);
        }
    }

    static SSLContext tls() throws Exception {
        KeyStore ours = KeyStore.getInstance("PKCS12");
        KeyStore theirs = KeyStore.getInstance("PKCS12");
        ours.load(null, null);
        theirs.load(null, null);
        List<Certificate> chain = certificates(setting("CERT", "bank.pem"));
        // openssl writes PKCS #8; for an RSA key say "RSA" here.
        PrivateKey key = KeyFactory.getInstance("EC").generatePrivate(
            new PKCS8EncodedKeySpec(pem(Files.readString(Path.of(setting("KEY", "bank.key"))))));
        ours.setKeyEntry("us", key, new char[0], chain.toArray(new Certificate[0]));
        for (Certificate authority : certificates(setting("CA", "ca.pem"))) {
            theirs.setCertificateEntry("ca-" + theirs.size(), authority);
        }
        KeyManagerFactory managers = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        managers.init(ours, new char[0]);
        TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        trust.init(theirs);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(managers.getKeyManagers(), trust.getTrustManagers(), null);
        return context;
    }

    static List<Certificate> certificates(String file) throws Exception {
        return new ArrayList<>(CertificateFactory.getInstance("X.509")
            .generateCertificates(new ByteArrayInputStream(Files.readAllBytes(Path.of(file)))));
    }

    static byte[] pem(String text) {
        return Base64.getMimeDecoder().decode(text.replaceAll("-----[A-Z ]+-----", ""));
    }

    static String setting(String name, String otherwise) {
        return Optional.ofNullable(System.getenv(name)).orElse(otherwise);
    }

    static String text(HttpResponse<byte[]> reply) {
        return new String(reply.body(), StandardCharsets.UTF_8);
    }

    // --- the signature of an answer: RFC 9421 section 2.5, over what the gateway always covers ---

    static void checkSignature(HttpResponse<byte[]> reply, String method, String target, Map<String, Object> keys)
        throws Exception {
        String digest = header(reply, "Content-Digest");
        byte[] body = MessageDigest.getInstance("SHA-256").digest(reply.body());
        require(digest.equals("sha-256=:" + Base64.getEncoder().encodeToString(body) + ":"), "another body was signed");

        String parameters = header(reply, "Signature-Input").replaceFirst("^bank=", "");
        String covered = "(\"@status\" \"content-type\" \"content-digest\" \"@method\";req \"@path\";req \"@query\";req)";
        require(parameters.startsWith(covered + ";"), "the signature does not bind answer and request");
        int question = target.indexOf('?');
        String base = "\"@status\": " + reply.statusCode() + "\n"
            + "\"content-type\": " + header(reply, "Content-Type") + "\n"
            + "\"content-digest\": " + digest + "\n"
            + "\"@method\";req: " + method + "\n"
            + "\"@path\";req: " + target.substring(0, question) + "\n"
            + "\"@query\";req: " + target.substring(question) + "\n"
            + "\"@signature-params\": " + parameters;
        String keyid = parameters.replaceFirst(".*;keyid=\"([^\"]*)\".*", "$1");
        Signature check = Signature.getInstance("Ed25519");
        check.initVerify(answerKey(keys, keyid));
        check.update(base.getBytes(StandardCharsets.UTF_8));
        String signature = header(reply, "Signature").replaceFirst("^bank=:(.*):$", "$1");
        require(check.verify(Base64.getDecoder().decode(signature)), "the signature is not good");
    }

    static PublicKey answerKey(Map<String, Object> keys, String keyid) throws Exception {
        for (Object one : list(keys.get("keys"))) {
            Map<String, Object> key = object(one);
            if (keyid.equals(key.get("kid")) && "answer".equals(key.get("use"))) {
                return KeyFactory.getInstance("Ed25519").generatePublic(new X509EncodedKeySpec(pem((String) key.get("pem"))));
            }
        }
        throw new IllegalStateException("no key " + keyid + ": is this the gateway you know?");
    }

    static String header(HttpResponse<byte[]> reply, String name) {
        return reply.headers().firstValue(name).orElseThrow(() -> new IllegalStateException("the answer has no " + name));
    }

    static void require(boolean isGood, String otherwise) {
        if (!isGood) {
            throw new IllegalStateException(otherwise);
        }
    }

    // --- JSON, as much as this needs; use your library instead ---

    static String quote(String text) {
        return '"' + text.replace("\\", "\\\\").replace("\"", "\\\"") + '"';
    }

    static Map<String, Object> object(String json) {
        return object(new Json(json).value());
    }

    @SuppressWarnings("unchecked")
    static Map<String, Object> object(Object value) {
        return (Map<String, Object>) value;
    }

    @SuppressWarnings("unchecked")
    static List<Object> list(Object value) {
        return (List<Object>) value;
    }

    static class Json {
        private final String text;
        private int at;

        Json(String text) {
            this.text = text;
        }

        Object value() {
            skip();
            switch (text.charAt(at)) {
                case '{' -> {
                    Map<String, Object> members = new LinkedHashMap<>();
                    for (at++; !ends('}'); ) {
                        String name = (String) value();
                        skip();
                        at++; // the colon
                        members.put(name, value());
                    }
                    return members;
                }
                case '[' -> {
                    List<Object> items = new ArrayList<>();
                    for (at++; !ends(']'); ) {
                        items.add(value());
                    }
                    return items;
                }
                case '"' -> {
                    return string();
                }
                default -> {
                    int from = at;
                    while (at < text.length() && ",]} \n\r\t".indexOf(text.charAt(at)) < 0) {
                        at++;
                    }
                    String word = text.substring(from, at);
                    return word.equals("null") ? null : word; // numbers and booleans stay as they are written
                }
            }
        }

        private void skip() {
            while (Character.isWhitespace(text.charAt(at))) {
                at++;
            }
        }

        private boolean ends(char close) {
            skip();
            if (text.charAt(at) == ',') {
                at++;
                skip();
            }
            boolean isEnd = text.charAt(at) == close;
            at += isEnd ? 1 : 0;
            return isEnd;
        }

        private String string() {
            StringBuilder out = new StringBuilder();
            for (at++; text.charAt(at) != '"'; at++) {
                char c = text.charAt(at);
                if (c == '\\') {
                    c = text.charAt(++at);
                    int escape = "bfnrt".indexOf(c);
                    if (c == 'u') {
                        c = (char) Integer.parseInt(text.substring(at + 1, at + 5), 16);
                        at += 4;
                    } else if (escape >= 0) {
                        c = "\b\f\n\r\t".charAt(escape);
                    }
                }
                out.append(c);
            }
            at++;
            return out.toString();
        }
    }
}
