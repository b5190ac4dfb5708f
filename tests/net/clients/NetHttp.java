// SPDX-License-Identifier: GPL-2.0-or-later

import java.math.BigInteger;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * NetHttp URL USER PASSWORD: one GET, and the status it ended in.
 *
 * This client of the JDK has no digest of its own; the one here is written as
 * a Java ACS would, in the form of Apache's HttpClient 4.5.
 */
public class NetHttp {
    private static String challenge;

    public static void main(String[] args) throws Exception {
        HttpClient client = HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(5)).build();
        HttpRequest.Builder get =
            HttpRequest.newBuilder(URI.create(args[0])).timeout(Duration.ofSeconds(5)).GET();
        HttpResponse<Void> r = client.send(get.build(), HttpResponse.BodyHandlers.discarding());
        if (r.statusCode() == 401) {
            for (String value : r.headers().allValues("WWW-Authenticate"))
                if (value.startsWith("Digest") && usable(value))
                    challenge = value;
            if (challenge != null) {
                get.header("Authorization", answer(URI.create(args[0]), args[1], args[2]));
                r = client.send(get.build(), HttpResponse.BodyHandlers.discarding());
            }
        }
        System.out.println(r.statusCode());
    }

    private static boolean usable(String value) {
        return !Pattern.compile("algorithm=\"?SHA").matcher(value).find();
    }

    private static String answer(URI url, String user, String password) throws Exception {
        String uri = url.getRawPath() + (url.getRawQuery() == null ? "" : "?" + url.getRawQuery());
        String realm = get("realm"), nonce = get("nonce"), opaque = get("opaque");
        String algorithm = get("algorithm") == null ? "MD5" : get("algorithm");
        String cnonce = UUID.randomUUID().toString().replace("-", "").substring(0, 16);
        String ha1 = md5(user + ":" + realm + ":" + password), ha2 = md5("GET:" + uri);
        if (algorithm.equalsIgnoreCase("MD5-sess"))
            ha1 = md5(ha1 + ":" + nonce + ":" + cnonce);
        boolean qop = get("qop") != null;
        String response = md5(ha1 + ":" + nonce + (qop ? ":00000001:" + cnonce + ":auth" : "")
                              + ":" + ha2);
        return "Digest username=\"" + user + "\", realm=\"" + realm + "\", nonce=\"" + nonce
            + "\", uri=\"" + uri + "\", response=\"" + response + "\""
            + (qop ? ", qop=auth, nc=00000001, cnonce=\"" + cnonce + "\"" : "")
            + ", algorithm=" + algorithm
            + (opaque == null ? "" : ", opaque=\"" + opaque + "\"");
    }

    private static String get(String name) {
        Matcher m = Pattern.compile("\\b" + name + "=(?:\"([^\"]*)\"|([^\\s,]+))")
                           .matcher(challenge);
        if (!m.find())
            return null;
        return m.group(1) != null ? m.group(1) : m.group(2);
    }

    private static String md5(String text) throws Exception {
        byte[] hash = MessageDigest.getInstance("MD5").digest(text.getBytes("ISO-8859-1"));
        return String.format("%032x", new BigInteger(1, hash));
    }
}
