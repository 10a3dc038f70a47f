import java.io.IOException;
import java.io.InputStream;
import java.lang.reflect.InvocationTargetException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.jar.JarFile;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import javax.xml.parsers.DocumentBuilderFactory;
import org.w3c.dom.Element;

/**
 * Looks at an Android archive as a build does that depends on it
 * (https://developer.android.com/studio/projects/android-library#aar-contents, read 2026-11-23). After the file come the kinds of
 * processors that it is for, all of them. One behind {@code --load} is not looked at but loaded: it has to be this machine's.
 */
public final class CheckArchive {
    private static final String PACKAGE = "io.github.acdplatform.mobile";
    private static final String ANDROID = "http://schemas.android.com/apk/res/android";
    /** The class files of Java 8, which Android's compiler takes from any release on. */
    private static final int NEWEST_CLASS_FILE = 52;
    /** The kinds of processors (https://developer.android.com/ndk/guides/abis) by the number that ELF has for each, its e_machine. */
    private static final Map<String, Integer> MACHINES = Map.of("arm64-v8a", 183, "armeabi-v7a", 40, "x86_64", 62);
    /** What a library begins with, read from its end. */
    private static final int ELF = 0x464c457f;

    private CheckArchive() {}

    public static void main(String[] arguments) throws Exception {
        Path folder = Files.createTempDirectory("acd-archive");
        try (ZipFile archive = new ZipFile(arguments[0])) {
            manifest(archive);
            for (String file : List.of("R.txt", "proguard.txt")) {
                entry(archive, file);
            }
            Set<String> libraries =
                archive.stream().map(ZipEntry::getName).filter(name -> name.endsWith(".so")).collect(Collectors.toCollection(TreeSet::new));
            List<String> processors = Stream.of(arguments).skip(1).filter(argument -> !argument.equals("--load")).toList();
            Set<String> wanted = processors.stream().map(CheckArchive::place).collect(Collectors.toCollection(TreeSet::new));
            require(libraries.equals(wanted), "holds " + libraries + " instead of " + wanted);
            int load = List.of(arguments).indexOf("--load") + 1;
            for (String processor : processors) {
                if (load == 0 || !processor.equals(arguments[load])) {
                    machine(archive, processor);
                }
            }
            List<String> classes = classes(extract(archive, "classes.jar", folder));
            try (URLClassLoader loader = new URLClassLoader(new URL[] {folder.resolve("classes.jar").toUri().toURL()})) {
                for (String name : classes) {
                    Class.forName(name, false, loader);
                }
                if (load > 0) {
                    load(loader, extract(archive, place(arguments[load]), folder));
                }
            }
            System.out.printf("%s: %s, %d classes%n", arguments[0], libraries, classes.size());
        } finally {
            try (Stream<Path> files = Files.list(folder)) {
                for (Path file : files.toList()) {
                    Files.delete(file);
                }
            }
            Files.delete(folder);
        }
    }

    /** Where Android looks for the library of a kind of processor. */
    private static String place(String processor) {
        return "jni/" + processor + "/libacd_mobile.so";
    }

    /** The library is of the processor in whose place it is. */
    private static void machine(ZipFile archive, String processor) throws IOException {
        Integer machine = MACHINES.get(processor);
        require(machine != null, "is for " + processor + ", which is not known here");
        String place = place(processor);
        try (InputStream bytes = archive.getInputStream(entry(archive, place))) {
            byte[] head = bytes.readNBytes(20);
            require(head.length == 20, "has an empty " + place);
            ByteBuffer fields = ByteBuffer.wrap(head).order(ByteOrder.LITTLE_ENDIAN);
            require(fields.getInt(0) == ELF && fields.getShort(18) == machine, "has a " + place + " that is of another processor");
        }
    }

    private static void manifest(ZipFile archive) throws Exception {
        DocumentBuilderFactory parsers = DocumentBuilderFactory.newInstance();
        parsers.setNamespaceAware(true);
        Element manifest;
        try (InputStream text = archive.getInputStream(entry(archive, "AndroidManifest.xml"))) {
            manifest = parsers.newDocumentBuilder().parse(text).getDocumentElement();
        }
        require(manifest.getTagName().equals("manifest"), "AndroidManifest.xml is no manifest");
        require(manifest.getAttribute("package").equals(PACKAGE), "AndroidManifest.xml names another package");
        Element sdk = (Element) manifest.getElementsByTagName("uses-sdk").item(0);
        require(sdk != null && sdk.getAttributeNS(ANDROID, "minSdkVersion").matches("\\d+"), "AndroidManifest.xml names no oldest Android");
    }

    /** The names of the archive's classes, all in the package and old enough for Android. */
    private static List<String> classes(Path jar) throws IOException {
        try (JarFile classes = new JarFile(jar.toFile())) {
            List<ZipEntry> entries = classes.stream().filter(entry -> entry.getName().endsWith(".class")).collect(Collectors.toList());
            require(!entries.isEmpty(), "classes.jar holds no class");
            for (ZipEntry entry : entries) {
                require(entry.getName().startsWith(PACKAGE.replace('.', '/') + "/"), entry.getName() + " is of another package");
                try (InputStream bytes = classes.getInputStream(entry)) {
                    int version = ByteBuffer.wrap(bytes.readNBytes(8)).getShort(6);
                    require(version <= NEWEST_CLASS_FILE, entry.getName() + " is of version " + version);
                }
            }
            return entries.stream().map(entry -> entry.getName().replaceFirst("\\.class$", "").replace('/', '.')).toList();
        }
    }

    /** Compares what the classes expect of the library with what it says of itself. */
    private static void load(ClassLoader loader, Path library) throws Exception {
        System.setProperty("uniffi.component.acd_mobile.libraryOverride", library.toString());
        try {
            loader.loadClass(PACKAGE + ".Acd_mobileKt").getMethod("uniffiEnsureInitialized").invoke(null);
        } catch (InvocationTargetException error) {
            throw new IllegalStateException(library.getFileName() + " is not the library of these classes", error.getCause());
        }
    }

    private static Path extract(ZipFile archive, String name, Path folder) throws IOException {
        Path file = folder.resolve(Path.of(name).getFileName());
        try (InputStream bytes = archive.getInputStream(entry(archive, name))) {
            Files.copy(bytes, file);
        }
        return file;
    }

    private static ZipEntry entry(ZipFile archive, String name) {
        ZipEntry entry = archive.getEntry(name);
        require(entry != null, "has no " + name);
        return entry;
    }

    private static void require(boolean holds, String problem) {
        if (!holds) {
            throw new IllegalStateException("the archive " + problem);
        }
    }
}
